"""What can go wrong with an embedded server, in a sentence that names the mend."""


class EmbeddedError(Exception):
    """An embedded server cannot run here; the message says why and what to do."""
