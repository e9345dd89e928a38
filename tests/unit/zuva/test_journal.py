"""The chain's journal: what was acknowledged is there, what a kill tore is not."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zuva.chain.journal import Entry, Genesis, Journal, decode_line, encode_line
from zuva.chain.ledger import BlockTime
from zuva.errors import ConfigurationError, JournalDamaged

ENTRIES = [Entry(1000 + n, "0x" + f"{n:04x}" * (n + 1)) for n in range(20)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    journal = Journal.open(tmp_path / "journal", Genesis(31337, 1000))
    journal.append(ENTRIES[:10])
    journal.append(ENTRIES[10:])
    journal.close()
    return tmp_path / "journal"


def entries(path: Path) -> list[Entry]:
    journal = Journal.open(path, Genesis(31337, 5))
    found = list(journal.entries())
    journal.close()
    return found


def test_entries_come_back_in_order_with_the_first_genesis(path: Path) -> None:
    assert entries(path) == ENTRIES
    assert Journal.open(path, Genesis(31337, 99, "osaka")).genesis == Genesis(31337, 1000)


def test_every_cut_of_the_last_line_leaves_the_lines_before_it(path: Path) -> None:
    whole = path.read_bytes()
    last = len(whole.splitlines(keepends=True)[-1])
    for cut in range(1, last + 1):
        path.write_bytes(whole[:-cut])
        assert entries(path) == ENTRIES[:-1]


def test_a_last_line_with_a_wrong_checksum_is_cut_off_and_appending_goes_on(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:-5] + b"9" + whole[-4:])
    journal = Journal.open(path, Genesis(31337, 0))
    journal.append(ENTRIES[-1:])
    journal.close()
    assert path.read_bytes() == whole


def test_damage_in_the_middle_is_refused_with_its_line(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines[4] = lines[4].replace(b"tx", b"ty")
    path.write_bytes(b"".join(lines))
    with pytest.raises(JournalDamaged, match=r"journal line 5 is damaged; restore"):
        entries(path)


def test_a_damaged_genesis_is_refused(path: Path) -> None:
    path.write_bytes(b"x" + path.read_bytes())
    with pytest.raises(JournalDamaged, match="line 1"):
        entries(path)


def test_another_chain_id_or_format_is_refused_with_the_mend(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="chain id 31337, but ZUVA_CHAIN_CHAIN_ID is 5"):
        Journal.open(path, Genesis(5, 0))
    newer = tmp_path / "newer"
    newer.write_bytes(encode_line(["genesis", 2, 31337, 0, "cancun"]))
    with pytest.raises(ConfigurationError, match="format 2"):
        Journal.open(newer, Genesis(31337, 0))


def test_an_empty_file_is_a_new_journal(tmp_path: Path) -> None:
    (tmp_path / "journal").touch()
    assert entries(tmp_path / "journal") == []


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**40), st.text(alphabet="0123456789abcdef", max_size=400), st.data())
def test_a_line_with_any_byte_changed_is_not_whole(timestamp: int, raw: str, data: st.DataObject) -> None:
    line = encode_line(["tx", timestamp, raw]).removesuffix(b"\n")
    assert decode_line(line) == ["tx", timestamp, raw]
    place = data.draw(st.integers(9, len(line) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != line[place]))
    assert decode_line(line[:place] + bytes((other,)) + line[place + 1 :]) is None


def test_stepped_block_times_rise_and_follow_the_set_time() -> None:
    time = BlockTime(stepped=True, genesis=1000)
    assert [time.next(), time.next()] == [1001, 1002]
    assert time.set(900) == 1002
    assert time.set(2000) == 2000
    assert [time.next(), time.next()] == [2000, 2001]
    assert time.now == 2001


def test_wall_block_times_follow_the_machine_and_never_go_back() -> None:
    wall = iter([1500.9, 1500.2, 1400.0, 1600.0])
    time = BlockTime(stepped=False, genesis=1000, wall=lambda: next(wall))
    assert [time.next() for _ in range(4)] == [1500, 1500, 1500, 1600]


def test_a_replayed_block_moves_the_clock() -> None:
    time = BlockTime(stepped=True, genesis=1000)
    time.seen(1700)
    assert time.next() == 1701
