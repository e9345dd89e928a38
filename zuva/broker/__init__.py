"""The embedded MQTT broker: mosquitto when it is on PATH, else aedes on the Node of this environment."""
