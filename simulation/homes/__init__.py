"""The simulated homes as a service: registration, telemetry and publishing of the model's homes."""
