"""Certificate totals and balances: sums over events, so `sign` -1 undoes what +1 did."""

ADD_MINTED = """
INSERT INTO backend.certificate AS t (certificate_id, minted_wh, retired_wh)
SELECT certificate_id, %(sign)s * sum(wh)::bigint, 0 FROM backend.minted
WHERE block_number BETWEEN %(first)s AND %(last)s GROUP BY certificate_id
ON CONFLICT (certificate_id) DO UPDATE SET minted_wh = t.minted_wh + excluded.minted_wh
"""

ADD_MINTED_TO_ACCOUNTS = """
INSERT INTO backend.balance AS t (account, certificate_id, minted_wh, retired_wh, wh)
SELECT account, certificate_id, %(sign)s * sum(wh)::bigint, 0, 0 FROM backend.minted
WHERE block_number BETWEEN %(first)s AND %(last)s GROUP BY account, certificate_id
ON CONFLICT (account, certificate_id) DO UPDATE SET minted_wh = t.minted_wh + excluded.minted_wh
"""

ADD_RETIRED = """
INSERT INTO backend.certificate AS t (certificate_id, minted_wh, retired_wh)
SELECT certificate_id, 0, %(sign)s * sum(wh)::bigint FROM backend.retired
WHERE block_number BETWEEN %(first)s AND %(last)s GROUP BY certificate_id
ON CONFLICT (certificate_id) DO UPDATE SET retired_wh = t.retired_wh + excluded.retired_wh
"""

ADD_RETIRED_TO_ACCOUNTS = """
INSERT INTO backend.balance AS t (account, certificate_id, minted_wh, retired_wh, wh)
SELECT account, certificate_id, 0, %(sign)s * sum(wh)::bigint, 0 FROM backend.retired
WHERE block_number BETWEEN %(first)s AND %(last)s GROUP BY account, certificate_id
ON CONFLICT (account, certificate_id) DO UPDATE SET retired_wh = t.retired_wh + excluded.retired_wh
"""

ADD_TRANSFERRED = r"""
INSERT INTO backend.balance AS t (account, certificate_id, minted_wh, retired_wh, wh)
SELECT account, certificate_id, 0, 0, %(sign)s * sum(wh)::bigint FROM (
    SELECT recipient AS account, certificate_id, wh FROM backend.transferred
        WHERE block_number BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT sender, certificate_id, -wh FROM backend.transferred
        WHERE block_number BETWEEN %(first)s AND %(last)s) moved
WHERE account <> decode(repeat('00', 20), 'hex')
GROUP BY account, certificate_id
ON CONFLICT (account, certificate_id) DO UPDATE SET wh = t.wh + excluded.wh
"""

DELETE_EMPTY_CERTIFICATES = "DELETE FROM backend.certificate WHERE minted_wh = 0 AND retired_wh = 0"

DELETE_EMPTY_BALANCES = "DELETE FROM backend.balance WHERE minted_wh = 0 AND retired_wh = 0 AND wh = 0"
