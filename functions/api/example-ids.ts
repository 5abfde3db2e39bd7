/** The ids in the examples of the document. */
export const taskId = 'task-unified-1772443800-imcg5zqt';
export const keyId = 'key-0123456789abcdef';
export const fileId = 'file-0123456789abcdefghijklmnop';
export const hostedFileId = 'file_0123456789abcdefghijklmnop';
export const waitingPlace = '2-1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b';
export const account = 'shop';
export const host = 'https://darkroom.example.com';
