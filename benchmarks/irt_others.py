"""One fit of another engine, run by that engine's own Python: it may import nothing of ours."""

import json
import resource
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

import numpy as np


def girth(answers: np.ndarray, model: str) -> dict[str, list[float] | None]:
    """Marginal maximum likelihood; girth takes (items, persons) and has a mark for what was not seen."""
    engine = import_module("girth")
    table = np.where(answers == -1, engine.INVALID_RESPONSE, answers).astype(int).T
    fit = (engine.threepl_mml if model == "3pl" else engine.twopl_mml)(table)
    return {
        "a": fit["Discrimination"].tolist(),
        "b": fit["Difficulty"].tolist(),
        "c": fit["Guessing"].tolist() if model == "3pl" else None,
    }


def py_irt(answers: np.ndarray, model: str) -> dict[str, list[float] | None]:
    """Variational inference by its defaults, which knows a 2PL only of the two."""
    if model == "3pl":
        raise SystemExit("py-irt has no 3PL with its guessing free by item and a prior to compare")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "answers.jsonlines"
        with source.open("w", encoding="utf-8") as file:
            for person, row in enumerate(answers):
                given = {f"q{i}": int(value) for i, value in enumerate(row) if value != -1}
                file.write(json.dumps({"subject_id": f"p{person}", "responses": given}) + "\n")
        settings = import_module("py_irt.config").IrtConfig(model_type="2pl", log_every=10_000)
        trainer = import_module("py_irt.training").IrtModelTrainer(
            data_path=source, config=settings
        )
        trainer.train(device="cpu")
    best = trainer.best_params
    order = [int(best["item_ids"][i][1:]) for i in range(answers.shape[1])]
    slope, place = np.empty(len(order)), np.empty(len(order))
    slope[order], place[order] = best["disc"], best["diff"]
    return {"a": slope.tolist(), "b": place.tolist(), "c": None}


if __name__ == "__main__":
    engine, path, wanted, _ = sys.argv[1:]
    loaded = np.load(path)
    started = time.process_time()
    told = {"girth": girth, "py-irt": py_irt}[engine](loaded, wanted)
    used = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(told | {"cpu": used, "megabytes": memory}))
