/* The course panel of the Fargate Lab Kit: a JupyterLab extension in plain JavaScript, without a build step.

   This file is the container that JupyterLab's loader expects (init, get); what it needs it takes from what JupyterLab
   shares. It draws what GET fargate-lab/view says, and nothing else: every text goes into the page as text.
   Sources: JupyterLab documentation, "Extension Developer Guide" (prebuilt extensions); webpack, "Module Federation". */
(() => {
  "use strict";
  const NAME = "fargate-lab-desk";
  // The server is asked again this long after its last answer, and only while somebody can see the panel.
  const PAUSE_MS = 2000;
  const STYLE = `
    #${NAME} { overflow: auto; padding: 10px 8px; color: var(--jp-ui-font-color1); background: var(--jp-layout-color1);
      font-size: var(--jp-ui-font-size1); line-height: 1.45; overflow-wrap: break-word; }
    #${NAME} h2 { font-size: 1.25em; margin: 0 0 6px; }
    #${NAME} h3 { font-size: 1.05em; margin: 14px 0 4px; }
    #${NAME} p { margin: 4px 0; }
    #${NAME} ol, #${NAME} ul { list-style: none; margin: 0; padding: 0; }
    #${NAME} li { display: flex; gap: 4px; padding: 3px 2px; border-radius: 3px; }
    #${NAME} li > .sign { flex: 0 0 1.2em; text-align: center; font-weight: 600; }
    #${NAME} li > .what { flex: 1 1 auto; min-width: 0; }
    #${NAME} li[data-current="true"] { background: var(--jp-layout-color2); box-shadow: inset 3px 0 var(--jp-brand-color1); }
    #${NAME} nav .what { display: flex; flex-wrap: wrap; justify-content: space-between; column-gap: 6px; }
    #${NAME} .more { font-size: 0.88em; }
    #${NAME} .whole { white-space: nowrap; }
    #${NAME} a { color: var(--jp-content-link-color, #0b5cad); text-decoration: underline; }
    #${NAME} .buttons { display: flex; flex-wrap: wrap; gap: 6px; margin: 8px 0; }
    #${NAME} button { font: inherit; color: var(--jp-ui-font-color1); background: var(--jp-layout-color2);
      border: 1px solid var(--jp-border-color0, #767676); border-radius: 3px; padding: 3px 10px; cursor: pointer; }
    #${NAME} button[aria-disabled="true"] { border-style: dashed; cursor: progress; }
    #${NAME} a:focus-visible, #${NAME} button:focus-visible, #${NAME}:focus-visible {
      outline: 2px solid var(--jp-brand-color1, #1976d2); outline-offset: 1px; }
    #${NAME} .finding { border-left: 4px solid var(--jp-border-color0, #767676); padding: 2px 0 2px 8px; margin: 6px 0; }
    #${NAME} .finding[data-status="PASS"] { border-color: #2e7d32; }
    #${NAME} .finding[data-status="FAIL"] { border-color: #c62828; }
    #${NAME} .finding[data-status="NOT YET"] { border-color: #b26a00; }
    #${NAME} .label { font-weight: 600; }
    #${NAME} .said { white-space: pre-wrap; }
    .${NAME}-status { white-space: nowrap; }
  `;

  let shared;
  const take = async (name) => {
    const versions = shared[name];
    if (!versions) throw new Error(`JupyterLab does not share ${name}`);
    const one = versions[Object.keys(versions).sort().pop()];
    return (await one.get())();
  };

  /* An element with attributes and children; a child that is a string is a text. */
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "onclick") node.addEventListener("click", value);
      else if (value !== undefined && value !== null) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  };

  /* Words as they are. A short name or option is not broken in two; a long one, an ARN or an address, between its parts. */
  const words = (text) => text.split(/(\s+)/).flatMap((each) => {
    const parts = each.length <= 28 ? [each] : each.split(/(?<=[:/])/);
    return parts.flatMap((part, n) => [n ? make("wbr") : null,
      /[-/]/.test(part) && part.length <= 28 ? make("span", { class: "whole" }, part) : part]);
  });

  /* A sentence begins with a capital letter; what is typed as it stands, such as lab.check(), does not change. */
  const sentence = (text) => (/^(?:[a-z]+[.(_=]|labs |docker |cd )/.test(text || "") ? text
    : text ? text[0].toUpperCase() + text.slice(1) : "");

  const extension = async () => {
    const { ILabShell, ILayoutRestorer } = await take("@jupyterlab/application");
    const { Dialog, ICommandPalette, showDialog } = await take("@jupyterlab/apputils");
    const { PageConfig, URLExt } = await take("@jupyterlab/coreutils");
    const { INotebookTracker } = await take("@jupyterlab/notebook");
    const { ServerConnection } = await take("@jupyterlab/services");
    const { IStateDB } = await take("@jupyterlab/statedb");
    const { IStatusBar } = await take("@jupyterlab/statusbar");
    const { Widget } = await take("@lumino/widgets");

    const activate = (app, shell, tracker, palette, restorer, statusBar, state) => {
      const settings = ServerConnection.makeSettings();
      const address = (...parts) => URLExt.join(settings.baseUrl, "fargate-lab", ...parts);
      document.head.append(make("style", {}, STYLE));

      const panel = new Widget();
      panel.id = NAME;
      panel.title.label = "Course";
      panel.title.caption = "The course: where you are, and what is next";
      const node = panel.node;
      node.tabIndex = -1;
      node.setAttribute("role", "region");
      node.setAttribute("aria-label", "The course");
      const part = (name, tag = "div", attributes = {}) => {
        const made = make(tag, { ...attributes, "data-part": name });
        node.append(made);
        return made;
      };
      node.append(make("h2", {}, "The course"));
      const trouble = part("trouble", "div", { role: "status" });
      const course = part("stages", "nav", { "aria-label": "Stages of the course" });
      const stage = part("stage");
      const buttons = part("buttons", "div", { class: "buttons", role: "group", "aria-label": "For the stage in hand" });
      // A screen reader hears what changes in here, so nothing that only counts seconds is inside.
      const finding = part("finding", "div", { role: "status" });
      const action = part("action", "div", { role: "status" });
      const gates = part("gates");
      const evidence = part("evidence", "p");
      const cost = part("cost", "p");

      // In the status bar, beside the kernel's state.
      const how = new Widget();
      how.addClass(`${NAME}-status`);
      how.addClass("jp-StatusBar-TextItem");
      how.title.caption = "How far you are in the course";

      let view = null;
      let pending = null;

      /* Redraw a part when what it shows has changed; the focus stays where it was. */
      const drawn = new Map();
      const draw = (where, shown, build) => {
        const now = JSON.stringify(shown);
        if (drawn.get(where) === now) return;
        drawn.set(where, now);
        const focused = where.contains(document.activeElement) ? document.activeElement.getAttribute("data-key") : null;
        where.replaceChildren(...build().filter((each) => each !== null));
        if (focused) where.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
      };

      const open = (notebook) => app.commands.execute("docmanager:open", { path: `notebooks/${notebook}.ipynb` });
      const link = (notebook, text, key) =>
        make("a", {
          href: URLExt.join(PageConfig.getBaseUrl(), "lab", "tree", "notebooks", `${notebook}.ipynb`),
          "data-key": key,
          onclick: (event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            open(notebook);
          },
        }, text);

      const stageItem = (each) =>
        make("li", { "data-state": each.state, "data-current": String(each.current) },
          make("span", { class: "sign", "aria-hidden": "true" }, each.sign),
          make("span", { class: "what" },
            link(each.notebook, each.notebook, `stage-${each.name}`),
            make("span", { class: "more", ...(each.current ? { "aria-current": "step" } : {}) },
              `${each.current && each.state !== "here" ? `${each.state}, in hand` : each.state}, ${each.minutes}`)));

      const gateItem = (gate) =>
        make("li", { "data-state": gate.state },
          make("span", { class: "sign", "aria-hidden": "true" }, gate.sign),
          make("span", { class: "what" }, make("span", { class: "label" }, gate.name), `: ${gate.state}`));

      const row = (label, text) => (text ? make("p", {}, make("span", { class: "label" }, `${label}: `), ...words(text)) : null);

      const show = () => {
        const here = view.stages.find((each) => each.current);
        draw(trouble, null, () => []);
        draw(course, view.stages, () => [make("ol", {}, ...view.stages.map(stageItem))]);
        draw(stage, [here.title, here.number], () => [make("h3", {}, `${here.number} ${here.title}`)]);
        const said = view.finding;
        draw(finding, [said, view.next_step], () => [
          make("div", { class: "finding", "data-status": said ? said.status : "" },
            row("Next", sentence(view.next_step)),
            said ? row(said.status, said.found) : null,
            said ? row("Expected", said.expected) : null,
            said ? row("Why", said.why) : null),
        ]);
        draw(gates, view.gates, () => (view.gates.length
          ? [make("h3", {}, "Gates of the check"), make("ul", {}, ...view.gates.map(gateItem))] : []));
        const old = [view.evidence_age_s === null ? "" : view.age, view.remark].filter(Boolean).map(sentence).join("; ");
        if (evidence.textContent !== old) evidence.textContent = old;
        draw(cost, view.cost, () => [make("span", { class: "label" }, "Cost: "), sentence(view.cost)]);
        const doing = view.action;
        draw(action, doing && [doing.number, doing.at_work, doing.lines], () => {
          if (!doing) return [];
          const title = `${sentence(doing.name)}, ${doing.stage}`;
          return doing.at_work
            ? [make("p", {}, `${title}: at work ...`)]
            : [make("p", { class: "said" }, make("span", { class: "label" }, `${title}: `), doing.lines.join("\n"))];
        });
        for (const button of buttons.querySelectorAll("button[data-work]")) {
          button.setAttribute("aria-disabled", String(Boolean(doing && doing.at_work)));
        }
        const next = following();
        nextButton.textContent = next ? `Open ${next}` : "No notebook follows";
        nextButton.setAttribute("aria-disabled", String(!next));
        how.node.textContent = view.progress;
      };

      /* What the last button opens: the notebook of the stage in hand, or where that is open, the one after it. */
      const following = () => (view.next_notebook === notebook() ? view.after : view.next_notebook);

      const tell = (problem) => {
        draw(trouble, problem, () => [
          row("CANNOT CHECK", problem.what), row("Next", sentence(problem.next)),
          view ? make("p", {}, "What stands below is older.") : null,
        ]);
      };

      /* One request; an answer that is not JSON, or none, is a problem in words, too. */
      const request = async (path, init = {}) => {
        try {
          const answer = await ServerConnection.makeRequest(path, init, settings);
          const said = await answer.json();
          return said.view || said.started || said.what ? said : { what: `The server answered ${answer.status}.`,
            next: "look whether the lab still runs" };
        } catch (error) {
          return { what: "JupyterLab's server does not answer.", next: "look whether the lab still runs: make lab" };
        }
      };

      const notebook = () => {
        const path = tracker.currentWidget ? tracker.currentWidget.context.path : "";
        return path.split("/").pop().replace(/\.ipynb$/, "");
      };
      const seen = () => document.visibilityState === "visible" && panel.isVisible;

      let asking = null;
      const ask = async () => {
        clearTimeout(pending);
        const query = new URLSearchParams({ notebook: notebook() });
        const mine = asking = request(`${address("view")}?${query}`);
        const said = await mine;
        if (mine !== asking) return;
        if (said.view) { view = said.view; show(); if (said.pages) renewed(said.pages); } else tell(said);
        later();
      };
      const later = () => {
        clearTimeout(pending);
        pending = setTimeout(() => { wasSeen = seen(); if (wasSeen) ask(); }, PAUSE_MS);
      };
      // Shown again after a time out of sight: what it says may be old.
      let wasSeen = false;
      const again = () => {
        const before = wasSeen;
        wasSeen = seen();
        if (wasSeen && !before) ask();
      };

      const page = (name) => tracker.find((each) => each.context.path === `notebooks/${name}.ipynb`);

      /* A notebook that was begun anew is another file, and an open page shows the old one: it is loaded again, and where
         that would lose what is not saved, only after a question. */
      let pages = null;
      const renewed = async (now) => {
        const before = pages;
        pages = now;
        for (const name of before ? Object.keys(now).filter((each) => before[each] !== now[each]) : []) {
          const shown = page(name);
          if (!shown) continue;
          if (shown.context.model.dirty) {
            const body = `The stage was reset, and this page shows the old notebook. What you had saved is kept beside the new`
              + " one, with the day's date; what you have not saved is on this page only.";
            const chosen = await showDialog({ title: `${name} begins anew`, body, defaultButton: 0,
              buttons: [Dialog.cancelButton({ label: "Keep this page" }), Dialog.okButton({ label: "Show the new one" })] });
            if (!chosen.button.accept) continue;
          }
          await shown.context.revert();
        }
      };

      const work = async (name) => {
        if (!view || (view.action && view.action.at_work)) return;
        const here = view.stages.find((each) => each.current);
        if (name === "reset") {
          const more = here.resets.filter((each) => each !== here.name);
          const body = `This undoes ${here.name}${more.length ? `, and what builds on it: ${more.join(", ")}` : ""}.`
            + " What these stages made in the account goes, and your files of them. The notebook begins anew; the old one is kept"
            + " beside it, with the day's date.";
          const chosen = await showDialog({ title: `Reset ${here.name}?`, body, defaultButton: 0,
            buttons: [Dialog.cancelButton({ label: "Keep it" }), Dialog.warnButton({ label: "Undo it" })] });
          if (!chosen.button.accept) return;
          // So that all that was written is in the notebook that is kept.
          await page(here.notebook)?.context.save();
        }
        const said = await request(address(name), { method: "POST", body: JSON.stringify({ stage: here.name }) });
        if (!said.started) tell(said);
        await ask();
      };
      const commands = [
        ["check", "Check", "Check the stage in hand", () => work("check")],
        ["hint", "Hint", "Give a hint for the stage in hand", () => work("hint")],
        ["reset", "Reset ...", "Reset the stage in hand; it asks first", () => work("reset")],
      ];
      for (const [name, label, caption, execute] of commands) {
        app.commands.addCommand(`${NAME}:${name}`, { label: `Course: ${caption}`, execute });
        buttons.append(make("button", { type: "button", title: caption, "data-work": name, "data-key": name,
          onclick: () => app.commands.execute(`${NAME}:${name}`) }, label));
      }
      const nextButton = make("button", { type: "button", "data-key": "next",
        onclick: () => app.commands.execute(`${NAME}:next`) }, "Open the next notebook");
      buttons.append(nextButton);
      app.commands.addCommand(`${NAME}:next`, { label: "Course: Open the next notebook",
        execute: () => { if (view && following()) open(following()); } });
      app.commands.addCommand(`${NAME}:show`, { label: "Course: Show the panel",
        // The palette gives the focus back to where it was when it closes, which is after this.
        execute: () => { shell.activateById(panel.id); setTimeout(() => node.focus(), 0); } });
      if (palette) {
        for (const name of ["show", "check", "hint", "reset", "next"]) {
          palette.addItem({ command: `${NAME}:${name}`, category: "Fargate Lab" });
        }
      }

      shell.add(panel, "left", { rank: 1 });
      if (restorer) restorer.add(panel, panel.id);
      if (statusBar) statusBar.registerStatusItem(`${NAME}:status`, { item: how, align: "left", rank: 100 });
      tracker.currentChanged.connect(() => ask());
      document.addEventListener("visibilitychange", again);
      shell.layoutModified.connect(again);
      // Its answer is there by the time that the page is.
      ask();
      app.restored.then(async () => {
        // Opened once; later the layout is as the trainee left it.
        const before = state ? await state.fetch(`${NAME}:shown`) : undefined;
        if (!before) {
          shell.activateById(panel.id);
          if (state) await state.save(`${NAME}:shown`, true);
        }
        again();
      });
    };

    return {
      __esModule: true,
      default: {
        id: `${NAME}:panel`,
        description: "The course beside the notebook.",
        autoStart: true,
        requires: [ILabShell, INotebookTracker],
        optional: [ICommandPalette, ILayoutRestorer, IStatusBar, IStateDB],
        activate,
      },
    };
  };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init: (scope) => { shared = scope; },
    get: async (module) => {
      if (module === "./style") return () => ({});
      const made = await extension();
      return () => made;
    },
  };
})();
