"""Settings of the supervisor."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from zuva.supervisor.logfile import Rotation


class SupervisorSettings(BaseSettings):
    """Settings of `zuva up` itself, from ZUVA_SUPERVISOR_*."""

    model_config = SettingsConfigDict(env_prefix="ZUVA_SUPERVISOR_", frozen=True, extra="ignore")

    log_bytes: int = Field(10 * 1024 * 1024, ge=64 * 1024, le=1 << 28)
    """Size at which a service's log is shortened."""
    log_files: int = Field(2, ge=1, le=1000)
    """Older parts kept of each log."""
    host: str = "127.0.0.1"
    port: int = Field(18840, ge=0, le=65535)
    """Where the supervisor answers /metrics; 0: nowhere."""

    @property
    def rotation(self) -> Rotation:
        """Return the rule for logs."""
        return Rotation(self.log_bytes, self.log_files)
