"""What a paper prints: one frozen record per number, parsing, vocabulary, the rule of agreement."""
