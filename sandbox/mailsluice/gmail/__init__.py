"""What is particular to Gmail and the other providers: replies, network trouble, presets, app passwords; pure."""
