"""Endpoints on certificates."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from backend.api.answers import answer
from backend.api.certificates import repository
from backend.api.certificates.identity import Identity, identity_of
from backend.api.certificates.schemas import CertificateItem, CertificateList, Metadata, Mint, MintPage
from backend.api.database import Reading, Row
from backend.api.inputs import BIG_LIMIT, Account, Cursor, Limit, read_cursor, write_cursor
from backend.api.problems import not_found

router = APIRouter(prefix="/certificates", tags=["certificates"])

MeterFilter = Annotated[
    str | None, Query(pattern="^0x[0-9a-fA-F]{64}$", description="32 bytes as 0x and hex")
]
CertificateId = Annotated[
    str, Path(pattern="^([0-9]{1,78}|[0-9a-f]{64})$", description="Decimal, or 64 hex digits")
]


@router.get("", response_model=CertificateList, summary="Certificates and their totals")
async def list_certificates(request: Request, snapshot: Reading, account: Account = None) -> Response:
    """All certificates by id; with `account`, what it was minted, retired and holds."""
    if account is None:
        rows = await repository.totals(snapshot)
    else:
        rows = await repository.of_account(snapshot, bytes.fromhex(account[2:]))
    return answer(request, CertificateList(items=[_item(row) for row in rows]))


@router.get("/mints", response_model=MintPage, summary="Certificates made")
async def list_mints(
    request: Request,
    snapshot: Reading,
    meter_id: MeterFilter = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Mint events with their transactions, newest first; claims that moved no energy are left out."""
    before = read_cursor(cursor, 2) or (BIG_LIMIT - 1, 0)
    meter = None if meter_id is None else bytes.fromhex(meter_id[2:])
    rows = await repository.mints(snapshot, meter, before, limit + 1)
    items = [Mint(**row) for row in rows[:limit]]
    more = write_cursor(items[-1].block_number, items[-1].log_index) if len(rows) > limit else None
    return answer(request, MintPage(items=items, next_cursor=more))


@router.get("/{certificate_id}.json", response_model=Metadata, summary="ERC-1155 metadata")
async def get_metadata(request: Request, certificate_id: CertificateId) -> Response:
    """Metadata as wallets read it; the id is decimal, or 64 hex digits as ERC-1155 substitutes it."""
    number = int(certificate_id, 16 if len(certificate_id) == 64 else 10)
    identity = identity_of(number)
    if identity is None:
        raise not_found("certificate", f"no certificate can have the id {number}")
    return answer(request, _metadata(number, identity))


def _item(row: Row) -> CertificateItem:
    identity = identity_of(int(row["id"])) or Identity("unknown", None, False)
    return CertificateItem(source=identity.source, day=identity.day, simulated=identity.simulated, **row)


def _metadata(number: int, identity: Identity) -> Metadata:
    real = "simulated" if identity.simulated else "real"
    return Metadata(
        name=f"Zuva {identity.source} {identity.date}" + (" (simulated)" if identity.simulated else ""),
        description=f"Certified generation, 1 unit = 1 Wh: {real} {identity.source} energy, {identity.date}.",
        decimals=0,
        properties={
            "id": str(number),
            "source": identity.source,
            "day": identity.day,
            "date": None if identity.day is None else identity.date,
            "simulated": identity.simulated,
            "unit": "Wh",
        },
    )
