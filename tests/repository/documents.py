"""The fenced blocks of the documents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
DOCUMENTS = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
EXCUSE = "<!-- not run:"


@dataclass(frozen=True)
class Block:
    """A fenced block, and the reason why it is not run if a comment before it gives one."""

    document: Path
    line: int
    language: str
    text: str
    excuse: str

    @property
    def name(self) -> str:
        """The block's document and line."""
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """All blocks in some languages, in all documents."""
    return [block for document in DOCUMENTS for block in blocks_of(document) if block.language in languages]


def blocks_of(document: Path) -> list[Block]:
    """All blocks of a document."""
    found = []
    excuse = ""
    for token in MarkdownIt().parse(document.read_text("utf-8")):
        if token.type == "fence":
            line = token.map[0] + 1 if token.map else 0
            found.append(Block(document, line, token.info.strip(), token.content, excuse))
        comment = token.content.strip() if token.type == "html_block" else ""
        excuse = comment.removeprefix(EXCUSE).removesuffix("-->").strip() if comment.startswith(EXCUSE) else ""
    return found
