"""moto, pinned and in process, as the store behind the gateway. It never decides who may do what."""
