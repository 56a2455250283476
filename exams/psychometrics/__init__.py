"""Item response models, adaptive testing, item statistics, fairness: pure torch."""
