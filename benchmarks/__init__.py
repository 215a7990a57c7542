"""What measures the product against its peers, with the last results as JSON."""
