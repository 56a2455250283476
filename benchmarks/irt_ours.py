"""One fit of ours in a process of its own, for `benchmarks.irt`: answers, model, whether errors are wanted."""

import json
import resource
import sys
import time

import numpy as np

from exams.psychometrics.calibration import calibrate

source, model, errors = sys.argv[1:]
answers = np.load(source)
started = time.process_time()
fit = calibrate(answers, model)
told = {
    "cpu": time.process_time() - started,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "converged": fit.converged,
    "a": fit.slope.tolist(),
    "b": fit.difficulty.tolist(),
    "c": fit.guessing.tolist(),
    "d": fit.intercept.tolist(),
    "se": fit.standard_error.tolist() if int(errors) else None,
}
print(json.dumps(told))
