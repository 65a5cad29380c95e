"""The plugin's entry point: the host starts this file with its own interpreter."""

from service import NotifyWebhook

from viewra.sdk import serve

if __name__ == "__main__":
    serve(NotifyWebhook())
