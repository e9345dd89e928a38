"""The embedded MQTT broker: mosquitto when it is on PATH, else amqtt in this process."""
