"""What outlives the process: the state folder, its owner, and the journal of mutating calls."""
