"""PURE: the OpenAPI document as a page that a person reads: no script, nothing from elsewhere."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

Json = dict[str, Any]

METHODS = ("get", "put", "post")

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API – Parkledger</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/style.css">
<style>
.api summary { cursor: pointer; padding: .5rem 0; overflow-wrap: anywhere; }
.api code { overflow-wrap: anywhere; }
.api .method { display: inline-block; min-width: 3.2rem; font-weight: 700; color: var(--accent); }
.api table { width: 100%; border-collapse: collapse; margin: .4rem 0 1rem; }
.api th, .api td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0;
  border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.api section { margin-bottom: 1.6rem; }
.api caption { text-align: left; font-weight: 600; }
</style>
</head>
<body>
<a class="skip" href="#main">To the text</a>
<main id="main" class="api">
"""


def docs_page(document: Json) -> str:
    """Return the page of an OpenAPI 3.1 document."""
    info = document["info"]
    paragraphs = "".join(f"<p>{_text(part)}</p>" for part in info["description"].split("\n\n"))
    return "".join(
        [
            _HEAD,
            f'<div class="page-head"><h1>{escape(info["title"])} API {escape(info["version"])}</h1>'
            '<p class="aside"><a href="/">Lots</a> <a href="/api/v1/openapi.json">openapi.json</a>'
            "</p></div>",
            paragraphs,
            *(_group(tag, operations) for tag, operations in _by_tag(document).items()),
            _schemas(document),
            "</main></body></html>",
        ]
    )


def _by_tag(document: Json) -> dict[str, list[tuple[str, str, Json]]]:
    groups: dict[str, list[tuple[str, str, Json]]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                tag = (item[method].get("tags") or ["other"])[0]
                groups.setdefault(tag, []).append((method, path, item[method]))
    return groups


def _group(tag: str, operations: list[tuple[str, str, Json]]) -> str:
    body = "".join(_operation(method, path, one) for method, path, one in operations)
    return f'<section class="card"><h2>{escape(tag.capitalize())}</h2>{body}</section>'


def _operation(method: str, path: str, operation: Json) -> str:
    description = operation.get("description") or operation.get("summary") or ""
    first, _, rest = description.partition("\n\n")
    return (
        f'<details><summary><span class="method">{method.upper()}</span> '
        f"<code>{escape(path)}</code> <span>{_text(first)}</span></summary>"
        + (f"<p>{_text(rest)}</p>" if rest else "")
        + _parameters(operation.get("parameters", []))
        + _body(operation.get("requestBody"))
        + _responses(operation["responses"])
        + "</details>"
    )


def _parameters(parameters: list[Json]) -> str:
    rows = [
        (
            f"<code>{escape(one['name'])}</code>",
            escape(one["in"]) + (", required" if one.get("required") else ""),
            _kind(one["schema"]),
            _text(one.get("description", "")),
        )
        for one in parameters
    ]
    return _table("Parameters", ("Name", "Where", "Type", "What it says"), rows)


def _body(body: Json | None) -> str:
    if body is None:
        return ""
    kinds = ", ".join(
        f"{escape(media)}: {_kind(content.get('schema', {}))}"
        for media, content in body["content"].items()
    )
    return f"<p><b>Body</b> {kinds}. {_text(body.get('description', ''))}</p>"


def _responses(responses: Json) -> str:
    rows = []
    for status, response in sorted(responses.items()):
        kinds = [
            escape(media) + (f": {_kind(content['schema'])}" if content.get("schema") else "")
            for media, content in response.get("content", {}).items()
        ]
        rows.append((escape(status), "<br>".join(kinds), _text(response.get("description", ""))))
    return _table("Answers", ("Status", "Body", "What it says"), rows)


def _schemas(document: Json) -> str:
    parts = []
    for name, schema in sorted(document.get("components", {}).get("schemas", {}).items()):
        required = set(schema.get("required", ()))
        rows = [
            (
                f"<code>{escape(field)}</code>" + ("" if field in required else " (may be absent)"),
                _kind(value),
                _text(value.get("description", "")),
            )
            for field, value in schema.get("properties", {}).items()
        ]
        parts.append(
            f'<h3 id="{_anchor(name)}">{escape(name)}</h3><p>{_text(schema.get("description", ""))}'
            f"</p>{_table('Fields', ('Field', 'Type', 'What it says'), rows)}"
        )
    return f'<section class="card"><h2>Schemas</h2>{"".join(parts)}</section>'


def _table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    lines = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" for cells in rows
    )
    return (
        f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{lines}</tbody></table>"
    )


def _kind(schema: Json) -> str:
    """Return a schema in a few words, with links to those that have a name."""
    return " or ".join(_kinds(schema)) or "anything"


def _kinds(schema: Json) -> Iterator[str]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield f'<a href="#{_anchor(name)}">{escape(name)}</a>'
    elif "anyOf" in schema:
        for one in schema["anyOf"]:
            yield from _kinds(one)
    elif "enum" in schema:
        yield " | ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    elif schema.get("type") == "array":
        yield f"list of {_kind(schema.get('items', {}))}"
    elif "type" in schema:
        extra = f" ({escape(schema['format'])})" if "format" in schema else ""
        yield escape(str(schema["type"])) + extra


def _anchor(name: str) -> str:
    return escape(f"schema-{name}")


def _text(text: str) -> str:
    """Return escaped text in which `this` is code."""
    parts = escape(text).split("`")
    return "".join(
        f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts)
    )
