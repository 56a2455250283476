"""The mapped base of every table: typed constructors, named constraints, checked enums."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, mapped_column

from portal.db.columns import UTCDateTime

naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


Serial = Annotated[int, mapped_column(sa.BigInteger, sa.Identity(always=False))]


class Base(MappedAsDataclass, DeclarativeBase):
    """Every table's base.

    A mapped class is a dataclass: required columns are constructor arguments. A `StrEnum` becomes a
    VARCHAR with a CHECK of its values, a `datetime` aware UTC, a `dict` JSONB, an `int` a bigint.
    """

    metadata = sa.MetaData(naming_convention=naming_convention)
    type_annotation_map = {
        datetime: UTCDateTime(),
        date: sa.Date(),
        int: sa.BigInteger(),
        str: sa.Text(),
        bytes: sa.LargeBinary(),
        UUID: sa.Uuid(),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
        list[str]: JSONB(),
        list[int]: JSONB(),
        StrEnum: sa.Enum(
            StrEnum,
            native_enum=False,
            create_constraint=True,
            length=40,
            values_callable=lambda enum: [member.value for member in enum],
        ),
    }
