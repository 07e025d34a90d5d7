"""Single repairs of a text, each a function from text to text that takes time in proportion to its length."""

from __future__ import annotations

import html
import re
import unicodedata

URL_TOKEN, EMAIL_TOKEN, USER_TOKEN = "[url]", "[email]", "[user]"
REPLACEMENT = "\ufffd"

# Only names of HTML elements are tags: "a <b and c> d" and "<grin>" are what somebody wrote.
_BLOCKS = (
    "address|article|aside|blockquote|body|br|button|canvas|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|"
    "embed|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|img|input|li|link|"
    "main|map|menu|meta|nav|noscript|object|ol|optgroup|option|p|picture|pre|section|select|source|summary|svg|table|"
    "tbody|td|template|textarea|tfoot|th|thead|title|tr|ul|video|audio|script|style"
)
_INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|label|mark|q|rp|rt|ruby|s|samp|small|span|"
    "strike|strong|sub|sup|time|tt|u|var|wbr"
)
_REST = r"(?:\s[^<>]*|/)?>"
_BLOCK_TAG = re.compile(rf"</?(?:{_BLOCKS}){_REST}", re.IGNORECASE)
_INLINE_TAG = re.compile(rf"</?(?:{_INLINE}){_REST}", re.IGNORECASE)
_DECLARATION = re.compile(r"<!doctype\b[^<>]*>|<\?xml\b[^<>]*>|<!\[CDATA\[|\]\]>", re.IGNORECASE)
_AMPERSANDS = re.compile(r"&(?:(?:amp|#0*38|#x0*26);)+", re.IGNORECASE)
_URL = re.compile(r"(?:\b(?:https?|ftp)://|\bwww\.)[^\s<>\"]*[^\s<>\"'.,;:!?)\]}]", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_USER = re.compile(r"(?<![\w@.])@\w{2,50}")
# Tab, line feed and carriage return are space. The joiners U+200C and U+200D shape words and emoji: they stay.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"\s+")


def normal_form(text: str, form: str) -> str:
    """Return a text in a unicode normal form.

    Parameters
    ----------
    text : str
    form : {"NFC", "NFKC"}

    Returns
    -------
    str

    Examples
    --------
    >>> normal_form("caf" + "e" + chr(0x301), "NFC"), normal_form(chr(0xFB01) + "ne", "NFKC")
    ('café', 'fine')
    """
    if form == "NFKC":
        return text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def without_html(text: str) -> str:
    """Return a text without tags, comments, scripts and styles, and with entities as characters.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Tags that break lines become a space, tags inside a line nothing.

    Examples
    --------
    >>> without_html("Good &amp; che<b>ap</b>.<br />I <3 <!-- ad -->it")
    'Good & cheap. I <3  it'
    """
    if "&" in text:
        text = html.unescape(_AMPERSANDS.sub("&", text))
    if "<" not in text and "]]>" not in text:
        return text
    text = _without_parts(text, "<!--", "-->")
    for name in ("script", "style"):
        text = _without_parts(text, f"<{name}", f"</{name}>")
    return _INLINE_TAG.sub("", _BLOCK_TAG.sub(" ", _DECLARATION.sub(" ", text)))


def _without_parts(text: str, opening: str, closing: str) -> str:
    """Cut out what lies between two marks; an opening that is never closed is left where it is."""
    lowered = text.lower()
    # A few letters grow when they are lowered; positions would then be wrong.
    lowered = lowered if len(lowered) == len(text) else text
    at, kept = 0, []
    while (start := lowered.find(opening, at)) >= 0 and (end := lowered.find(closing, start + len(opening))) >= 0:
        kept.append(text[at:start])
        at = end + len(closing)
    return " ".join([*kept, text[at:]]) if kept else text


def without_urls(text: str, token: str) -> str:
    """Return a text with every web address replaced.

    Parameters
    ----------
    text : str
    token : str
        May be empty.

    Returns
    -------
    str

    Examples
    --------
    >>> without_urls("See https://example.org/a?b=1, or www.example.org.", "[url]")
    'See [url], or [url].'
    """
    return _URL.sub(token, text) if "://" in text or "ww." in text.lower() else text


def without_emails(text: str, token: str) -> str:
    """Return a text with every e-mail address replaced.

    Parameters
    ----------
    text, token : str

    Returns
    -------
    str

    Examples
    --------
    >>> without_emails("Write to jo.doe@example.org!", "[email]")
    'Write to [email]!'
    """
    return _EMAIL.sub(token, text) if "@" in text else text


def without_users(text: str, token: str) -> str:
    """Return a text with every user name of the form @name replaced.

    Parameters
    ----------
    text, token : str

    Returns
    -------
    str

    Examples
    --------
    >>> without_users("Thanks @jo_doe, 3 @ 5 EUR, jo@example", "[user]")
    'Thanks [user], 3 @ 5 EUR, jo@example'
    """
    return _USER.sub(token, text) if "@" in text else text


def without_controls(text: str) -> str:
    """Return a text without control and invisible formatting characters; broken characters become U+FFFD.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> without_controls("a" + chr(0) + "b" + chr(0x200B) + "c" + chr(0x202E))
    'a bc'
    """
    return _SURROGATE.sub(REPLACEMENT, _INVISIBLE.sub("", _CONTROL.sub(" ", text)))


def shortened(text: str, most: int) -> str:
    """Return a text in which no letter or mark stands more than ``most`` times in a row; digits are left alone.

    Parameters
    ----------
    text : str
    most : int

    Returns
    -------
    str

    Examples
    --------
    >>> shortened("Sooooo good!!!!!! 1000000", 3)
    'Sooo good!!! 1000000'
    """
    return re.sub(rf"([^\s\d])\1{{{most},}}", lambda run: run.group(1) * most, text)


def single_spaces(text: str) -> str:
    """Return a text with single spaces between words and none at the ends.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return _SPACES.sub(" ", text).strip()


def cut(text: str, most: int) -> str:
    """Return at most ``most`` characters of a text, without a half word at the end where that is possible.

    Parameters
    ----------
    text : str
    most : int

    Returns
    -------
    str

    Examples
    --------
    >>> cut("one two three", 9), cut("abcdefgh", 3)
    ('one two', 'abc')
    """
    if len(text) <= most:
        return text
    if text[most].isspace():
        return text[:most].rstrip()
    whole = text[:most].rsplit(None, 1)
    return whole[0].rstrip() if len(whole) > 1 and not text[most - 1].isspace() else text[:most].rstrip()
