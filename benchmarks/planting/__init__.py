"""Plant errors in papers whose numbers are known, and count what the audit finds."""
