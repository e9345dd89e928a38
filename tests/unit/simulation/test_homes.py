"""The homes' identities come from one seed file; their registrations fit their data."""

from pathlib import Path

import pytest

from protocol.eip712 import Domain
from protocol.keys import recover
from protocol.registration import Category, Kind, meter_id_of
from protocol.registration import Source as EnergySource
from simulation.errors import SeedError
from simulation.identities import Home, derive_homes, load_or_create_seed
from simulation.replay.measurements import HomeSeries, Measurements, Slot
from simulation.replay.registers import Registers
from simulation.replay.registrations import registrations

DOMAIN = Domain(31337, b"\x11" * 20)
SEED = bytes(range(32))
DATA = Measurements(
    3600,
    (
        HomeSeries("sunny", (Slot(7200, 500, 3000), Slot(10800, 100, 4001))),
        HomeSeries("dark", (Slot(10800, 1234, 0),)),
    ),
)


def test_the_same_seed_gives_the_same_homes_and_another_gives_others():
    first, again = (derive_homes(["a", "b"], SEED) for _ in range(2))
    other = derive_homes(["a", "b"], b"\x01" * 32)
    identities = [(home.key.secret, home.wallet.secret, home.secret, home.meter_id) for home in first]
    assert identities == [(h.key.secret, h.wallet.secret, h.secret, h.meter_id) for h in again]
    secrets = {s for h in [*first, *other] for s in (h.key.secret, h.wallet.secret, h.secret)}
    assert len(secrets) == 12


def test_a_home_keeps_its_keys_when_others_join():
    assert derive_homes(["b"], SEED)[0].meter_id == derive_homes(["a", "b"], SEED)[1].meter_id


def test_a_home_does_not_show_its_secrets():
    (home,) = derive_homes(["a"], SEED)
    assert repr(home) == "Home(a)"


def registered() -> tuple[list[Home], list]:
    homes = derive_homes(["sunny", "dark"], SEED)
    opening = Registers(1, 2, 3)
    return homes, registrations(DATA, homes, DOMAIN, rated_by=DATA, simulated=True, opening=opening)


def test_registrations_are_signed_by_the_device_for_its_account():
    homes, made = registered()
    for home, one in zip(homes, made, strict=True):
        assert recover(one.registration.digest(DOMAIN), one.device_signature) == home.key.address
        assert one.registration.meter_id == meter_id_of(home.key.address, one.registration.nonce)
        assert one.registration.account == home.wallet.address
        # also for the home that begins later
        assert one.registration.timestamp == DATA.start
        assert (
            one.registration.import_wh,
            one.registration.export_wh,
            one.registration.generated_wh,
        ) == (1, 2, 3)


def test_capacities_are_the_peaks_with_head_room():
    _, (sunny, dark) = registered()
    assert sunny.attributes.generation_capacity_w == 5100  # 4001 W and a quarter, up to the next hundred
    assert sunny.attributes.connection_capacity_w == 4900
    assert dark.attributes.generation_capacity_w == 100
    assert dark.attributes.connection_capacity_w == 1600
    for one in (sunny, dark):
        assert one.attributes.kind is Kind.GENERATION
        assert one.attributes.source is EnergySource.SOLAR
        assert one.attributes.category is Category.RESIDENTIAL
        assert one.attributes.simulated


def test_capacities_come_from_the_whole_data_when_a_part_is_replayed():
    homes = derive_homes(["sunny"], SEED)
    part = Measurements(3600, (HomeSeries("sunny", (Slot(7200, 500, 0),)),))
    (one,) = registrations(part, homes, DOMAIN, rated_by=DATA, simulated=False)
    assert one.attributes.generation_capacity_w == 5100
    assert not one.attributes.simulated


def test_short_slots_make_higher_powers_of_the_same_energy():
    homes = derive_homes(["x"], SEED)
    quarter = Measurements(900, (HomeSeries("x", (Slot(900, 0, 1000),)),))
    (one,) = registrations(quarter, homes, DOMAIN, rated_by=quarter, simulated=False)
    assert one.attributes.generation_capacity_w == 5000


def test_the_seed_is_made_once_and_private(tmp_path: Path):
    path = tmp_path / "keys" / "homes.seed"
    seed = load_or_create_seed(path)
    assert len(seed) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_create_seed(path) == seed
    assert [entry.name for entry in path.parent.iterdir()] == ["homes.seed"]


@pytest.mark.parametrize("content", ["", "zz" * 32, "ab" * 31, "\u00e4" * 64])
def test_a_damaged_seed_is_refused_and_kept(tmp_path: Path, content: str):
    path = tmp_path / "homes.seed"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(SeedError, match="must hold 64 hex digits; restore it"):
        load_or_create_seed(path)
    assert path.read_text() == content


def test_a_seed_open_to_others_is_refused(tmp_path: Path):
    path = tmp_path / "homes.seed"
    load_or_create_seed(path)
    path.chmod(0o644)
    with pytest.raises(SeedError, match="chmod 600"):
        load_or_create_seed(path)


def test_a_seed_that_cannot_be_made_is_explained(tmp_path: Path):
    (tmp_path / "keys").write_text("a file where a folder should be")
    with pytest.raises(SeedError, match="cannot be used"):
        load_or_create_seed(tmp_path / "keys" / "homes.seed")
