"""What the lab made, written down before it is made, and taking it back with a receipt.

``recorder.Recorder`` watches boto3 clients; ``cleanup.clean`` takes everything back; ``sweep`` finds what was
forgotten. Knows AWS by boto3 only: no stage, no local AWS.
"""
