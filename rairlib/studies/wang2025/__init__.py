"""Wang 2025, Qingdao."""
