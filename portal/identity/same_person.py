"""Finding somebody whom we know by another account: a question for a person, never an answer."""

from datetime import datetime

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from portal.accounts.models import Account
from portal.identity.models import IdentityCheck, IdentityIndex
from portal.identity.signals import Signals
from portal.settings import Settings


def keys(settings: Settings) -> dict[int, SecretStr]:
    """The index keys by version, the newest first; version 0 comes from PERSONAL_KEY.

    To replace a key put the new one before the old: what was kept under the old one is still found
    until everybody has been checked again.
    """
    given = settings.identity_index_keys
    listed = given.get_secret_value().split(",") if given else []
    found = {0: settings.personal_key}
    for entry in listed:
        version, _, key = entry.partition(":")
        found[int(version)] = SecretStr(key)
    return dict(sorted(found.items(), reverse=True))


def keep(session: Session, check: IdentityCheck, signals: Signals, *, now: datetime) -> None:
    """Keep the digests, under every version of the key. Safe to repeat.

    Two checks of the same person that settle at the same moment wait for one another here, so that
    the second finds the first.
    """
    rows = [
        {
            "account_id": check.account_id,
            "check_id": check.id,
            "feature": digest.feature,
            "key_version": digest.key_version,
            "digest": digest.value,
            "made_at": now,
        }
        for digest in signals.digests
    ]
    for digest in sorted(signals.digests, key=lambda digest: digest.value):
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_number(digest.value))))
    if rows:
        session.execute(insert(IdentityIndex).on_conflict_do_nothing(), rows)


def _number(digest: bytes) -> int:
    return int.from_bytes(digest[:8], signed=True)


def seen_before(session: Session, check: IdentityCheck, signals: Signals) -> bool:
    """Whether another account was checked with the same document, or with the same name and birth."""
    same = [
        sa.and_(
            IdentityIndex.feature == digest.feature,
            IdentityIndex.key_version == digest.key_version,
            IdentityIndex.digest == digest.value,
        )
        for digest in signals.digests
    ]
    if not same:
        return False
    query = sa.select(IdentityIndex.id).where(
        sa.or_(*same), IdentityIndex.account_id != check.account_id
    )
    return session.scalar(query.limit(1)) is not None


def others(check: IdentityCheck) -> sa.Select[Account]:
    """The other accounts whose digests are the same as this check's."""
    mine, theirs = aliased(IdentityIndex), aliased(IdentityIndex)
    same = sa.and_(
        theirs.digest == mine.digest,
        theirs.feature == mine.feature,
        theirs.key_version == mine.key_version,
        theirs.account_id != mine.account_id,
    )
    found = sa.select(theirs.account_id).join(mine, same).where(mine.check_id == check.id)
    return sa.select(Account).where(Account.id.in_(found)).order_by(Account.id)
