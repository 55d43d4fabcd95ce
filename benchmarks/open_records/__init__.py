"""The method on trial: papers printed from open records, read without them, then scored."""
