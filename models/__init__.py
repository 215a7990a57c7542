"""Learn and predict: candidates, blends, intervals, physics, the bundle on disk."""
