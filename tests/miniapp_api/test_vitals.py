"""What operators and load balancers ask."""

from flask import Flask


def test_alive_ready_and_measured(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ready"}
    metrics = client.get("/metrics").text
    assert 'jiayi_requests_total{method="GET",route="/readyz",status="200"}' in metrics
    assert "jiayi_relay_lag_seconds 0.0" in metrics
