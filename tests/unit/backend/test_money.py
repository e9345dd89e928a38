"""Potential payouts lose nothing to rounding, however they are added up."""

from hypothesis import given
from hypothesis import strategies as st

from backend.api.payouts.money import Money, permille, worth

WH = st.integers(0, 1 << 50)


@given(st.lists(WH, max_size=20), st.integers(0, 10**12))
def test_sums_of_payouts_are_exactly_energy_times_tariff(energies: list[int], tariff: int) -> None:
    total = sum((worth(wh, tariff) for wh in energies), Money())
    assert total.micro * 1000 + total.remainder == sum(energies) * tariff
    assert total.micro <= sum(energies) * tariff // 1000


def test_a_payout_is_floored_and_says_what_was_cut_off() -> None:
    assert worth(1, 80_001) == Money(80, 1)
    assert worth(1000, 80_001) == Money(80_001, 0)


@given(st.lists(WH, min_size=1, max_size=20))
def test_shares_never_exceed_the_whole(parts: list[int]) -> None:
    whole = sum(parts)
    shares = [permille(part, whole) for part in parts]
    assert shares == [None] * len(parts) if whole == 0 else sum(share or 0 for share in shares) <= 1000
