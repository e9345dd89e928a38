"""What provisioning registers and enrols for the simulated homes; needs neither Mesa nor pvlib."""

from protocol.eip712 import Domain
from protocol.registration import Registration
from simulation.homes.calendar import first_midnight
from simulation.identities import REGISTRATION_NONCE, HomeRegistration, derive_homes, load_or_create_seed
from simulation.model.households import draw_households
from simulation.settings import HomesSettings


def homes_registrations(settings: HomesSettings, domain: Domain) -> list[HomeRegistration]:
    """Return every home's device-signed registration, home by home, with registers at zero at the begin.

    Makes the seed of the homes' keys in the data directory at the first call.

    Args:
        settings: of the homes.
        domain: EIP-712 domain of the Registry.

    Raises:
        SeedError: the seed file cannot be used.
        MeasurementError: no start or zone.
    """
    begin = first_midnight(settings)
    households = draw_households(settings.seed, settings.homes)
    homes = derive_homes((one.name for one in households), load_or_create_seed(settings.key_seed))
    result = []
    for household, home in zip(households, homes, strict=True):
        registration = Registration(home.meter_id, home.wallet.address, REGISTRATION_NONCE, begin, 0, 0, 0)
        result.append(
            HomeRegistration(home, registration, household.attributes, registration.sign(home.key, domain))
        )
    return result
