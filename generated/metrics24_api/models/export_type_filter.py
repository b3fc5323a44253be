from enum import StrEnum
from typing import Self

from ..types import unknown_member


class ExportTypeFilter(StrEnum):
    """Kinds of rows that the list filter is documented with. Other texts are members too."""

    CLICK_LOGS = "click_logs"
    CONVERSION_LOGS = "conversion_logs"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return unknown_member(cls, value) if isinstance(value, str) else None

    def __reduce_ex__(self, _protocol: object) -> tuple[type[Self], tuple[str]]:
        return type(self), (self.value,)
