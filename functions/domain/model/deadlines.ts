/** How long API Gateway waits for a function, in milliseconds. */
export const gatewayMs = 30_000;

/** How long a request to S3 may take, in milliseconds: it carries up to 64 MB. */
export const storageRequestMs = 30_000;

/** How long the download of an image that a provider has made may take, in milliseconds. */
export const resultDownloadMs = 60_000;

/** How long a provider may take to send the keys that it signs webhooks with, in milliseconds. Without them only a hint is lost. */
export const webhookKeysMs = 5000;
