"""Dense networks side by side: the channels of all members in one array."""
