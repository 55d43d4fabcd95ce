"""All that is of one paper, a folder each."""
