"""What the registry decides by: spelling, manifests, the action behind each call, and what it refuses."""
