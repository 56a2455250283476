"""The parts of the replay of recorded preferences (tests/journeys/replay_pandalm.py)."""
