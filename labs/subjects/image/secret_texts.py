"""What in a text is a secret: by the form that its issuer gives it, by the name before it, or because it is known.

Sources of the forms: IAM user guide, "Unique identifiers" (AKIA, ASIA); PEM, RFC 7468; JWT, RFC 7519; for the
prefixes of tokens the pages of those who issue them.
"""

import base64
import binascii
import re
import urllib.parse
from collections.abc import Iterator
from functools import cache

_FORMS = (
    ("an AWS access key id", re.compile(rb"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b")),
    ("a private key", re.compile(rb"-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY-----")),
    (
        "a token",
        re.compile(
            rb"\b(?:gh[oprsu]_\w{36}|github_pat_\w{50}|glpat-[\w-]{20}|xox[abeprs]-[\w-]{20}|[rs]k_live_\w{20}"
            rb"|AIza[\w-]{35}|npm_\w{36}|hf_[A-Za-z0-9]{34}|sk-(?:proj|ant)-[\w-]{20}"
            rb"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,})"
        ),
    ),
)
_CREDENTIALS = re.compile(r"(?i)\b(?:bearer|basic)\s+(?=\S*[\d=])[\w.~+/=-]{8,}")
_IN_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:(?!\*+@|\$)[^/\s@]+@")

# A secret's name. Where such a word ends it, a number is a secret too; elsewhere a number counts or measures.
_WORD = (
    r"SECRET|PASSWORD|PASSWD|PASSPHRASE|PASSCODE|CREDENTIALS?|(?:DB|USER|ROOT|ADMIN|SMTP|MAIL|FTP)PASS"
    r"|(?:AUTH|ACCESS|API|BEARER|BOT|REFRESH|GITHUB)TOKEN|(?:API|PRIVATE|ACCESS|ACCOUNT|SIGNING|ENCRYPTION)[_-]?KEY"
)
_LAST = rf"(?:{_WORD}|(?:^|_)(?:PASS|PWD|PW|TOKEN|PAT|JWT|SALT))$"
_ENDS = re.compile(rf"(?i){_LAST}")
_NAMES = re.compile(rf"(?i){_WORD}|{_LAST}|_(?:PASS|PWD)_|(?:^|_)TOKENS?(?:_|$)")
# What says where a secret is or how it is handled, and not what it is; and values that are no secret.
_ABOUT = re.compile(
    r"(?i)[_-](?:FILE|PATH|DIR|ARN|NAME|ID|TTL|URL|URI|LENGTH|SIZE|COUNT|EXPIRY|TIMEOUT|ENABLED|TYPE|HEADER|VERSION"
    r"|PROVIDER|MODE|STORE|MANAGER|RULES?|POLICY|ENDPOINT|REGION|REF|STAGE|ALGORITHM|ISSUER|AUDIENCE|HOST|PORT|DAYS"
    r"|MINUTES|SECONDS|ROUNDS|FORMAT|PREFIX|SUFFIX|REQUIRED|LIMIT|RATE|PER_[A-Z]+)$"
)
_NO_SECRET = re.compile(
    r"(?i)|true|false|yes|no|none|null|on|off|\d|/[a-z]*|(?:/[\w.@-]+){2,}/?|arn:\S+|\$.*|%\w+%|<[^>]*>|\*+"
    r"|[a-z_]\w*(?:\.\w+)+[\[(].*"
)

# A name with its value inside a text: NAME=value, "name": "value" of JSON, and in a settings file also name: value.
_PAIR = re.compile(r"(?<![\w$.-])-{0,2}([A-Za-z_][\w.-]*)=(?:\"([^\"]*)\"|'([^']*)'|([^\s\"';&|,)]+))")
_JSON_PAIR = re.compile(r"\"([\w.-]+)\"\s*:\s*\"((?:[^\"\\]|\\.)*)\"")
_SETTING = re.compile(r"(?m)^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*[\"']?([^\"'\n#]+?)[\"']?[ \t]*$")
_NETRC = re.compile(r"\b(password)\s+(\S+)")

_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}")


def secret_in(name: str, value: str, known: str) -> str:
    """What kind of secret a variable or a label holds, in words; empty when none is seen. ``known``: the lab's, or ''.

    A name alone is enough where it says that the value is one: PGPASSWORD, api-token, AWS_SECRET_ACCESS_KEY.
    """
    return secret_of_text(value, known) or ("a value under a secret's name" if _named_secret(name, value) else "")


def secret_of_text(text: str, known: str) -> str:
    """The same for a text that has no name of its own: an argument, a step of a build's history."""
    for view in (text, *_decoded(text)):
        kind = secret_of_bytes(view.encode(), known) or _by_what_stands_before(view)
        if kind:
            return kind
    return ""


def secret_of_settings(text: str) -> str:
    """The same for a file of settings, where a name and its value may stand apart."""
    pairs = [*_SETTING.findall(text), *_NETRC.findall(text)]
    if any(_named_secret(name, value) for name, value in pairs):
        return "a value under a secret's name"
    return _by_what_stands_before(text)


def secret_of_bytes(data: bytes, known: str, *, forms: bool = True) -> str:
    """By its form alone, or because it is the lab's own, plain or encoded."""
    if known and any(each in data for each in _spellings(known)):
        return "the app's secret"
    if not forms:
        return ""
    return next((kind for kind, pattern in _FORMS if pattern.search(data)), "")


def _by_what_stands_before(text: str) -> str:
    if _IN_ADDRESS.search(text):
        return "a password inside an address"
    if _CREDENTIALS.search(text):
        return "the credentials of a request"
    pairs = [(found[0], "".join(found[1:])) for found in (*_PAIR.findall(text), *_JSON_PAIR.findall(text))]
    return "a value under a secret's name" if any(_named_secret(name, value) for name, value in pairs) else ""


def _named_secret(name: str, value: str) -> bool:
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").replace(".", "_")
    if not _NAMES.search(plain) or _ABOUT.search(plain) or _NO_SECRET.fullmatch(value.strip()):
        return False
    return bool(_ENDS.search(plain)) or not value.strip().isdecimal()


@cache
def _spellings(known: str) -> tuple[bytes, ...]:
    """The known secret as it is, in hexadecimal, percent-encoded, and in base64 wherever in a longer text it begins."""
    raw = known.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), urllib.parse.quote(known, safe="").encode()}
    for ahead in range(3):
        # Only the groups of four that no neighbour has a bit in.
        whole = base64.b64encode(bytes(ahead) + raw)
        start, end = 4 if ahead else 0, (len(raw) + ahead) // 3 * 4
        if end - start >= 8:
            found |= {whole[start:end], whole[start:end].translate(bytes.maketrans(b"+/", b"-_"))}
    return tuple(sorted(found))


def _decoded(text: str) -> Iterator[str]:
    """What a text says once it is decoded: its words in base64 or hexadecimal, and all of it percent-decoded."""
    if "%" in text:
        yield urllib.parse.unquote(text)
    for word in _ENCODED.findall(text):
        whole = word.rstrip("=").translate(str.maketrans("-_", "+/"))
        try:
            data = base64.b64decode(whole + "=" * (-len(whole) % 4), validate=True)
        except binascii.Error:
            continue
        yield data.decode("utf-8", "replace")
    for word in _HEX.findall(text):
        yield bytes.fromhex(word).decode("utf-8", "replace")
