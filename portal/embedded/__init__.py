"""PostgreSQL and Valkey as foreground children, for the demo, the tests and a bare machine."""
