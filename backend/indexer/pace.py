"""How many blocks to ask for at once, steered by the logs that came back."""

from dataclasses import dataclass

_GROWTH_LIMIT = 8


@dataclass(slots=True)
class Pace:
    """The size of the next window of blocks.

    Attributes:
        target_logs: logs that one answer should hold.
        limit: upper bound of a window, blocks.
        blocks: size of the next window.
    """

    target_logs: int
    limit: int
    blocks: int = 64

    def answered(self, logs: int, blocks: int) -> None:
        """Steer by an answer of `logs` logs over `blocks` blocks."""
        if blocks < self.blocks and logs < self.target_logs:
            return  # the chain's head cut the window short: this says nothing about its density
        wanted = blocks * _GROWTH_LIMIT if logs == 0 else blocks * self.target_logs // logs
        self.blocks = max(1, min(wanted, blocks * _GROWTH_LIMIT, self.limit))

    def refused(self) -> bool:
        """Halve the window after an error; False if it was a single block already."""
        if self.blocks == 1:
            return False
        self.blocks //= 2
        return True
