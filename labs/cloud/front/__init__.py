"""The AWS APIs' one door, which chains the wings; and the parts put together over one state folder."""
