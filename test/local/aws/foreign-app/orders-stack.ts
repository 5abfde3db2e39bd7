import { join } from 'node:path';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Code, Function as Lambda, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Bucket, EventType } from 'aws-cdk-lib/aws-s3';
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications';
import {
  Choice,
  Condition,
  DefinitionBody,
  JsonPath,
  Map as MapState,
  Pass,
  StateMachine,
  Succeed,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { App, CfnOutput, CfnParameter, Duration, Stack } from 'aws-cdk-lib/core';
import { buildSync } from 'esbuild';

type Options = {
  readonly outdir: string;
  /** Where the bundles are written. */
  readonly bundles: string;
};

/**
 * An app that has nothing to do with this repository: orders are taken by HTTP, priced by a workflow, and
 * done when their receipt lies in a bucket.
 */
export function synthesiseOrders({ outdir, bundles }: Options): string {
  const app = new App({ outdir, builtinCloudFormationValidation: false });
  const stack = new Stack(app, 'Orders');
  const pause = new CfnParameter(stack, 'Pause', { type: 'Number', minValue: 1 });
  const orders = new Table(stack, 'Table', {
    partitionKey: { name: 'id', type: AttributeType.STRING },
  });
  const receipts = new Bucket(stack, 'Receipts', { enforceSSL: true });
  const lambda = (id: string, file: string, environment: Readonly<Record<string, string>> = {}) =>
    new Lambda(stack, id, {
      runtime: Runtime.NODEJS_24_X,
      handler: `${file}.handler`,
      code: bundled(file, bundles),
      timeout: Duration.seconds(20),
      environment,
    });

  const price = lambda('Price', 'price');
  const printReceipt = lambda('PrintReceipt', 'print-receipt', { RECEIPTS: receipts.bucketName });
  receipts.grantPut(printReceipt);
  const receiptPrinted = lambda('ReceiptPrinted', 'receipt-printed', { ORDERS: orders.tableName });
  orders.grantWriteData(receiptPrinted);
  receipts.addEventNotification(
    EventType.OBJECT_CREATED_PUT,
    new LambdaDestination(receiptPrinted),
    { prefix: 'receipts/' },
  );

  const definition = new Choice(stack, 'Has it items')
    .when(Condition.isPresent('$.items[0]'), pricing(stack, { pause, price, printReceipt }))
    .otherwise(new Pass(stack, 'Nothing to do').next(new Succeed(stack, 'Done')));
  const machine = new StateMachine(stack, 'Machine', {
    definitionBody: DefinitionBody.fromChainable(definition),
  });

  const taken = lambda('Orders', 'orders', {
    ORDERS: orders.tableName,
    MACHINE: machine.stateMachineArn,
  });
  orders.grantReadWriteData(taken);
  machine.grantStartExecution(taken);
  const api = new HttpApi(stack, 'Api');
  const integration = new HttpLambdaIntegration('ToOrders', taken);
  api.addRoutes({ path: '/orders', methods: [HttpMethod.POST], integration });
  api.addRoutes({ path: '/orders/{id}', methods: [HttpMethod.GET], integration });

  new CfnOutput(stack, 'Url', { value: api.apiEndpoint });
  new CfnOutput(stack, 'TableName', { value: orders.tableName });
  new CfnOutput(stack, 'BucketName', { value: receipts.bucketName });
  new CfnOutput(stack, 'MachineArn', { value: machine.stateMachineArn });
  return app.synth().directory;
}

type PricingParts = {
  readonly pause: CfnParameter;
  readonly price: Lambda;
  readonly printReceipt: Lambda;
};

/** Waits, prices every item, shapes the receipt and prints it. */
function pricing(stack: Stack, { pause, price, printReceipt }: PricingParts) {
  const priceItem = new LambdaInvoke(stack, 'Price one item', {
    lambdaFunction: price,
    outputPath: '$.Payload',
  });
  const priceItems = new MapState(stack, 'Price the items', {
    itemsPath: '$.items',
    itemSelector: {
      'name.$': '$$.Map.Item.Value.name',
      'quantity.$': '$$.Map.Item.Value.quantity',
      'currency.$': '$.currency',
    },
    resultPath: '$.prices',
    maxConcurrency: 2,
  }).itemProcessor(priceItem);
  const shape = new Pass(stack, 'Shape the receipt', {
    parameters: { id: JsonPath.stringAt('$.id'), lines: JsonPath.objectAt('$.prices') },
  });
  const print = new LambdaInvoke(stack, 'Print the receipt', {
    lambdaFunction: printReceipt,
    payloadResponseOnly: true,
  });
  return new Wait(stack, 'Wait', {
    time: WaitTime.duration(Duration.seconds(pause.valueAsNumber)),
  }).next(priceItems.next(shape).next(print));
}

/** One function with everything that it imports, as a file of its own. */
function bundled(file: string, bundles: string): Code {
  const outdir = join(bundles, file);
  const entry = join(import.meta.dirname, 'functions', `${file}.ts`);
  buildSync({ entryPoints: [entry], outdir, bundle: true, platform: 'node', format: 'cjs' });
  return Code.fromAsset(outdir);
}
