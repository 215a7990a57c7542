"""Where the data come from, how they become tables, and how the models are trained on them."""
