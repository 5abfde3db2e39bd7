import * as z from 'zod';
import { type Context, nameOf } from './intrinsics.ts';
import { attributeOf } from './physical-names.ts';
import { deploymentHelpers } from './read-functions.ts';
import { ignored, readResources } from './read-resources.ts';

const shared = {
  Sid: ignored('it is only a label'),
  Action: z.unknown(),
  Resource: z.unknown(),
};

// What CDK writes with `enforceSSL`. Nothing of the local stack is called from another machine.
const DenyWithoutTls = z.strictObject({
  ...shared,
  Effect: z.literal('Deny'),
  Principal: z.unknown(),
  Condition: z.strictObject({
    Bool: z.strictObject({ 'aws:SecureTransport': z.literal('false') }),
  }),
});

const AllowRole = z.strictObject({
  ...shared,
  Effect: z.literal('Allow'),
  Principal: z.strictObject({ AWS: z.string() }),
});

/** What is read of bucket policies. The local stack evaluates the policies of roles only. */
export const bucketPolicySchema = {
  types: ['AWS::S3::BucketPolicy'],
  read: {
    PolicyDocument: z.strictObject({
      Version: z.literal('2012-10-17').optional(),
      Statement: z.array(
        z.union(
          [DenyWithoutTls, AllowRole],
          'the local stack does not evaluate statements of a bucket policy',
        ),
      ),
    }),
  },
  ignored: { Bucket: 'the statements that are allowed here change no bucket' },
};

/**
 * Checks that the bucket policies of the template change nothing here: they deny requests without TLS,
 * and allow roles that are only used while AWS deploys or deletes the stack.
 * @throws {Error} that names the bucket policy
 */
export function checkBucketPolicies(context: Context): void {
  const { resources } = context.template;
  const helpers = [...deploymentHelpers(context)].flatMap((id) =>
    roleOf(resources[id]?.Properties),
  );
  const helperRoles = helpers.map((id) =>
    attributeOf('AWS::IAM::Role', nameOf(id, context), 'Arn'),
  );
  for (const { id, type, properties } of readResources(context, bucketPolicySchema)) {
    for (const statement of properties.PolicyDocument.Statement) {
      if (statement.Effect === 'Allow' && !helperRoles.includes(statement.Principal.AWS)) {
        throw new Error(
          `${id} (${type}) cannot be emulated: it allows ${statement.Principal.AWS}, ` +
            'and only the policies of roles are evaluated',
        );
      }
    }
  }
}

const RoleReference = z.object({ Role: z.object({ 'Fn::GetAtt': z.array(z.string()) }) });

function roleOf(properties: unknown): readonly string[] {
  const { data } = RoleReference.safeParse(properties);
  return data?.Role['Fn::GetAtt'].slice(0, 1) ?? [];
}
