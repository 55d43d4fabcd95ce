"""The test bench of the audit: errors planted in the registries of known cohorts."""
