import pytest
from tests.integration.events.behaviour import PublishingBehaviour


class TestOnMockCluster(PublishingBehaviour):
    @pytest.fixture
    def bootstrap(self, mock_bootstrap: str) -> str:
        return mock_bootstrap
