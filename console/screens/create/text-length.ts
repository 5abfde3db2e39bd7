/** How long a negative prompt may be, in code points (maxNegativePromptCodePoints of the API). */
export const maxNegativePrompt = 500;

/** How long a text is for the API: in code points, where `length` counts an emoji as two. */
export const lengthOf = (text: string): number => [...text].length;
