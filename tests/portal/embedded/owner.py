"""A process that owns both servers, writes a row, tells its children's numbers and waits to be killed."""

import sys
import time
from pathlib import Path

import psycopg

from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey

folder = Path(sys.argv[1])
server = Postgres.start(folder / "postgres")
queue = Valkey.start(folder / "valkey")
with psycopg.connect(
    host=str(server.sockets), user="touchstone_owner", dbname="touchstone"
) as session:
    session.execute("CREATE TABLE IF NOT EXISTS kept (what text)")
    session.execute("INSERT INTO kept VALUES ('a row')")
    session.commit()
    session.execute("INSERT INTO kept VALUES ('never committed')")
    print(server.child.pid, queue.child.pid, flush=True)
    time.sleep(600)
