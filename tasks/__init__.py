"""From task to label: projects, work, the clock, gold and quality."""
