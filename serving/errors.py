"""Errors that are answered over HTTP, each with its status and code."""

from __future__ import annotations

from starlette.responses import JSONResponse


class ServiceError(Exception):
    """An answer that is an error. ``field`` is the path of the field at fault, if there is one."""

    status = 500
    code = "internal"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        field: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.headers = headers or {}
        if code is not None:
            self.code = code


class MalformedBodyError(ServiceError):
    """The body is not JSON, or not of the documented shape."""

    status = 400
    code = "invalid_body"


class UnauthorizedError(ServiceError):
    """The bearer token is missing or not the one that was set."""

    status = 401
    code = "unauthorized"


class NotFoundError(ServiceError):
    """There is nothing at this path."""

    status = 404
    code = "not_found"


class BodyTooSlowError(ServiceError):
    """The body did not arrive in time."""

    status = 408
    code = "body_too_slow"


class BodyTooLargeError(ServiceError):
    """The body is longer than FRENKEL_MAX_BODY_BYTES."""

    status = 413
    code = "body_too_large"


class NotJsonError(ServiceError):
    """The body is declared as something other than plain JSON."""

    status = 415
    code = "not_json"


class OverloadedError(ServiceError):
    """Too many requests wait already."""

    status = 429
    code = "overloaded"


class ClientGoneError(ServiceError):
    """The sender closed the connection."""

    status = 499
    code = "client_gone"


class PredictionTimeoutError(ServiceError):
    """The prediction did not end in time."""

    status = 504
    code = "timeout"


NOTHING_HERE = "there is nothing at this path; GET / lists what there is"
FOREIGN_ERRORS = {
    404: ("not_found", NOTHING_HERE),
    405: ("method_not_allowed", "this path does not answer this method"),
    503: ("not_ready", "the model is not loaded yet"),
}
"""Code and message for errors that the framework around the service raises."""


def foreign_error(status: int) -> ServiceError:
    """An error of the framework in the shape of ours."""
    code, message = FOREIGN_ERRORS.get(
        status,
        ("bad_request", "the request was refused")
        if status < 500
        else ("internal", "something went wrong here; the log says more"),
    )
    error = ServiceError(message, code=code)
    error.status = status
    return error


def error_response(error: ServiceError, request_id: str) -> JSONResponse:
    """The one shape of every error that leaves the service."""
    body = {
        "error": {
            "code": error.code,
            "message": error.message,
            "field": error.field,
            "request_id": request_id,
        }
    }
    return JSONResponse(body, status_code=error.status, headers=error.headers)
