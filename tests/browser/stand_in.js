/* What the panel takes from JupyterLab, as small as it can be; what was executed is in window.done. */
window.done = []; window.changed = []; window.shownPanel = null;
const commands = { all: {}, addCommand: (id, one) => { commands.all[id] = one; },
  execute: (id, args) => { window.done.push([id, args]); return commands.all[id] ? commands.all[id].execute(args) : null; } };
class Widget { constructor() { this.node = document.createElement("div"); this.title = {}; window.shownPanel ??= this; }
  addClass() {} get isVisible() { return this.node.isConnected && !this.node.hidden; }
  set id(value) { this.node.id = value; } get id() { return this.node.id; } }
const shell = { add: (widget) => document.querySelector("main").append(widget.node), activateById: () => {},
  layoutModified: { connect: (each) => { window.changed.push(each); } } };
const shares = {
  "@jupyterlab/application": { ILabShell: 1, ILayoutRestorer: 2 },
  "@jupyterlab/apputils": { ICommandPalette: 3, Dialog: { cancelButton: (b) => b, okButton: (b) => b, warnButton: (b) => b },
    showDialog: async (asked) => { window.asked = asked; return { button: { accept: window.accept } }; } },
  "@jupyterlab/coreutils": { PageConfig: { getBaseUrl: () => "/" }, URLExt: { join: (...p) => p.join("/").replace(/\/+/g, "/") } },
  "@jupyterlab/notebook": { INotebookTracker: 4 },
  "@jupyterlab/services": { ServerConnection: { makeSettings: () => ({ baseUrl: "/" }), makeRequest: (...a) => fetch(a[0], a[1]) } },
  "@jupyterlab/statedb": { IStateDB: 5 }, "@jupyterlab/statusbar": { IStatusBar: 6 }, "@lumino/widgets": { Widget },
};
const scope = Object.fromEntries(Object.entries(shares).map(
  ([name, value]) => [name, { "1.0.0": { get: async () => () => value } }]));
const container = window._JUPYTERLAB["fargate-lab-desk"];
window.tracker = { currentWidget: { context: { path: "notebooks/02-push-denied.ipynb" } }, currentChanged: { connect: () => {} },
  find: (wanted) => (window.opened ?? []).find(wanted) };
container.init(scope);
container.get("./extension").then((make) => {
  make().default.activate({ commands, restored: Promise.resolve() }, shell, window.tracker, null, null,
    { registerStatusItem: (id, item) => document.querySelector("footer").append(item.item.node) }, null);
});
