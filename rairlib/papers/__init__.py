"""The analyses of the papers, each in its own module and in the order of the paper."""
